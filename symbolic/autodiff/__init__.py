"""Differentiate: operators traced into primitives, and gradients as graphs."""
