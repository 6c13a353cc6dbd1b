"""Saving graphs and reading them back."""
