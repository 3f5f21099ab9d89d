"""What the end-to-end tests are made of: Envoy, providers that assert, a client that sees bytes."""
