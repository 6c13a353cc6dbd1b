"""The command line: look at graphs, run, check and convert them."""
