"""Method of the paper (arXiv 2309.12009): pre-training with exchange, and relational distillation."""
