package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kdomanski/iso9660"
)

// tool makes a command for the scripts of a function that prints or fails.
func tool(f func(w io.Writer, args []string) error) func() {
	return func() {
		if err := f(os.Stdout, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// printField prints a value of a JSON file: "json FILE nodes.0.name". The word "keys" lists
// an object's keys, "length" counts.
func printField(w io.Writer, args []string) error {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	for _, step := range strings.Split(args[1], ".") {
		if v, err = descend(v, step); err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
	}
	_, err = fmt.Fprintln(w, v)
	return err
}

func descend(v any, step string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if step == "keys" {
			return strings.Join(slices.Sorted(maps.Keys(v)), " "), nil
		}
		if next, ok := v[step]; ok {
			return next, nil
		}
	case []any:
		if step == "length" {
			return len(v), nil
		}
		if i, err := strconv.Atoi(step); err == nil && i < len(v) {
			return v[i], nil
		}
	case string:
		if step == "length" {
			return len(v), nil
		}
	}
	return nil, fmt.Errorf("there is no %s", step)
}

// readDisc lists a NoCloud disc ("iso FILE"), its label first, or prints a file of it
// ("iso FILE NAME"). The reader is not the code that wrote the disc.
func readDisc(w io.Writer, args []string) (err error) {
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	image, err := iso9660.OpenImage(f)
	if err != nil {
		return err
	}
	label, err := image.Label()
	if err != nil {
		return err
	}
	root, err := image.RootDir()
	if err != nil {
		return err
	}
	files, err := root.GetChildren()
	if err != nil {
		return err
	}
	if len(args) == 1 {
		fmt.Fprintln(w, "label", strings.TrimSpace(label))
	}
	for _, file := range files {
		if len(args) == 1 {
			fmt.Fprintln(w, file.Name())
		} else if file.Name() == args[1] {
			_, err := io.Copy(w, file.Reader())
			return err
		}
	}
	return nil
}
