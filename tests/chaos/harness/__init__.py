"""What the chaos scenarios are made of: providers that misbehave, real Envoy, open-loop load, and a count of results."""
