"""Compose and infer: nodes, graphs of them, and what is known of their types."""
