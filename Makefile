# pgcgen: see `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= $(shell cat VERSION)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
# Debian packages that the tests drive: whole machines, and the programs that judge what
# we render. `make test` installs what is missing.
DEBIAN_PACKAGES := mmdebstrap systemd-container iproute2 nftables etcd-server etcd-client patroni python3-etcd \
	python3-psycopg2 pgbouncer haproxy keepalived postgresql-15 cloud-init rpm genisoimage

##@ Use

quickstart: build ## Build pgcgen and nodeinit, and examples/ha-3 into out/ (no root needed)
	bin/pgcgen build -i examples/ha-3/inventory.yaml -o out

demo: ## Boot examples/ha-3 on this machine and print how to connect (root; Ctrl-C ends it)
	./lab/setup.sh $(DEBIAN_PACKAGES)
	$(MAKE) quickstart
	go run ./lab/demo -o out

build: bin/pgcgen ## Build both programs into bin/

##@ Develop

check: ## Format, lint and unit tests: the fast loop
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run: make format"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test ./...

format: ## Format all Go code
	gofmt -w $$(git ls-files '*.go')

golden: ## Write the golden files anew (review them with git diff)
	go test ./templates ./generator/cloudinit ./generator/inventory ./generator/runbook ./generator/topology ./cmd/pgcgen -update

##@ Test

test: ## Everything: set-up, unit, CLI, golden, real programs, boot (root)
	./lab/setup.sh $(DEBIAN_PACKAGES)
	$(MAKE) build check
	go test -count=1 -tags programs -timeout 10m ./templates/... ./generator/... ./packaging/...
	go test -count=1 -tags boot -p 1 -timeout 25m ./lab/...

boot-test-full: ## Longer boot tests and further Debian releases (root)
	./lab/setup.sh $(DEBIAN_PACKAGES)
	$(MAKE) build
	PGCGEN_BOOT=full go test -count=1 -tags boot -p 1 -timeout 90m -v ./lab/...

##@ Other

help: ## Show this text
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

clean: ## Remove what make build made
	rm -rf bin out packaging/embedded/*.gz

# pgcgen is one file: it carries the nodeinit binaries that it packages.
SOURCES = $(shell git ls-files '*.go' '*.tmpl' go.mod go.sum VERSION)

packaging/embedded/nodeinit-linux-%.gz: $(SOURCES)
	@mkdir -p bin
	GOOS=linux GOARCH=$* $(GOBUILD) -o bin/nodeinit-$* ./cmd/nodeinit
	gzip -n -9 -c bin/nodeinit-$* > $@.new && mv $@.new $@

bin/pgcgen: $(SOURCES) packaging/embedded/nodeinit-linux-amd64.gz packaging/embedded/nodeinit-linux-arm64.gz
	$(GOBUILD) -o $@ ./cmd/pgcgen
	cp bin/nodeinit-$$(go env GOARCH) bin/nodeinit

.PHONY: quickstart demo build check format golden test boot-test-full help clean
