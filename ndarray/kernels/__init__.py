"""Computations element by element as machine code, or as NumPy in tiles where there is no compiler."""
