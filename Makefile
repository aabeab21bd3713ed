# `make run` builds and starts the server; `make test` checks everything.

.PHONY: run test release

# The first build takes some minutes (it compiles the database engine), later ones seconds.
# Arguments for the server: make run ARGS="--config yanshu.toml"
run:
	@command -v cargo >/dev/null || { echo "Rust is missing: see https://rustup.rs"; exit 1; }
	cargo build --profile quick -p yanshu-server
	exec target/quick/yanshu serve $(ARGS)

# Installs what the tests need (on Debian) and runs all of them.
test:
	scripts/setup-test-deps
	scripts/test

# The binary as it is published: slower to build, a little faster to run.
release:
	cargo build --release -p yanshu-server
