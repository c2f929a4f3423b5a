"""Chaos: many tickets, three workers, bad answers, and somebody who kills, freezes and unplugs at random."""
