"""The sections `network` and `train` of ``params.yaml``, and the values of each preset."""
