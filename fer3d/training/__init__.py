"""Training on packed arrays with PyTorch Lightning; without OpenCV, Open3D, dlib and TFLite."""
