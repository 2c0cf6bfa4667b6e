"""The network of Bao et al. 2019: branches and their fusion; imports only PyTorch."""
