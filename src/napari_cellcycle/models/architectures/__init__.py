"""Architectures of networks, one file a family; :mod:`napari_cellcycle.models.networks` names them.

Each file states its source, the table of its layers for one input, and its number of parameters;
``tests/models/architectures`` compares these tables with the networks.
"""
