"""How right a model is, and how sure one may be of that: figures, intervals, people beside it."""
