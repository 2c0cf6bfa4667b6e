"""The network of Bao et al. 2019: three branches and their fusion; imports only PyTorch."""
