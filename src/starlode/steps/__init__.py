"""One file for each kind of step: how it is carried out."""
