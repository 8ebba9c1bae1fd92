"""One file an action kind, named as documents name it, holding `KIND`. `ensue.actions.registry` finds them."""
