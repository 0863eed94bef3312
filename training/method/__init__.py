"""The paper's method (arXiv 2309.12009): pre-training with exchange, and relational distillation."""
