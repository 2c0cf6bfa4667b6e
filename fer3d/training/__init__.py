"""Training on packed arrays with PyTorch Lightning; needs no OpenCV, Open3D or TFLite."""
