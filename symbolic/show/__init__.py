"""Showing graphs: as a table, as a tree, as a networkx graph, as a picture."""
