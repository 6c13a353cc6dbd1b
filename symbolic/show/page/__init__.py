"""A picture as one HTML file that needs no network."""
