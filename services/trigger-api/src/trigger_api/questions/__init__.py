"""Questions about triggers that change nothing: is this document right, why did it (not) fire, what is charged."""
