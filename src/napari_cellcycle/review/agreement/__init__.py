"""How far people agree, and what their words can be taken for."""
