package dcs

import (
	"context"
	"fmt"
)

// KeyValue is one key with its revisions.
type KeyValue struct {
	Key            []byte `json:"key"`
	Value          []byte `json:"value"`
	CreateRevision int64  `json:"create_revision,string"`
	ModRevision    int64  `json:"mod_revision,string"`
	// Lease is 0 when the key lives until it is deleted.
	Lease int64 `json:"lease,string"`
}

type rangeRequest struct {
	Key      []byte `json:"key"`
	RangeEnd []byte `json:"range_end,omitempty"`
}

type rangeAnswer struct {
	KVs []KeyValue `json:"kvs"`
}

// Get returns a key, or nil when it does not exist. The read is linearizable.
func (c *Client) Get(ctx context.Context, key string) (*KeyValue, error) {
	var a rangeAnswer
	if err := c.call(ctx, "/v3/kv/range", rangeRequest{Key: []byte(key)}, &a); err != nil {
		return nil, fmt.Errorf("cannot read key %s: %w", key, err)
	}
	if len(a.KVs) == 0 {
		return nil, nil
	}
	return &a.KVs[0], nil
}

type compare struct {
	Target         string `json:"target"`
	Result         string `json:"result"`
	Key            []byte `json:"key"`
	ModRevision    int64  `json:"mod_revision,omitempty,string"`
	CreateRevision int64  `json:"create_revision,omitempty,string"`
}

type operation struct {
	DeleteRange *rangeRequest `json:"request_delete_range,omitempty"`
}

type txnRequest struct {
	Compare []compare   `json:"compare"`
	Success []operation `json:"success"`
}

type txnAnswer struct {
	Succeeded bool `json:"succeeded"`
}

// DeleteIf deletes a key only while it still has a modification revision and while
// another key still does not exist, in one transaction. It reports whether it did.
func (c *Client) DeleteIf(ctx context.Context, key string, modRevision int64, absent string) (bool, error) {
	txn := txnRequest{
		Compare: []compare{
			{Target: "MOD", Result: "EQUAL", Key: []byte(key), ModRevision: modRevision},
			// A create revision of 0 is etcd's way to say that a key does not exist.
			{Target: "CREATE", Result: "EQUAL", Key: []byte(absent)},
		},
		Success: []operation{{DeleteRange: &rangeRequest{Key: []byte(key)}}},
	}
	var a txnAnswer
	if err := c.call(ctx, "/v3/kv/txn", txn, &a); err != nil {
		return false, fmt.Errorf("cannot delete key %s: %w", key, err)
	}
	return a.Succeeded, nil
}
