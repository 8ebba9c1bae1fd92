"""`ensue demo`: two real pipelines on a real stack, their chains live, and sums that the system itself is asked for."""
