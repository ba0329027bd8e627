"""Which two labels are the daughters of one division."""
