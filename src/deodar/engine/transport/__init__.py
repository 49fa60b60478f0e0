"""How values travel between processes: written once into shared memory, mapped without a copy by whoever reads."""
