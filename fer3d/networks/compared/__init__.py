"""The six models that Bao et al. (2019, section 5.2) compare with, in PyTorch.

| name in the tables | module | network |
|---|---|---|
| Li-2017 | ``li2017`` | DLP-CNN, locality-preserving loss (CVPR 2017) |
| Jung-2015 | ``jung2015`` | DTAGN, appearance and landmark networks (ICCV 2015) |
| Zhang-2017 | ``zhang2017`` | PHRNN-MSCNN (TIP 2017) |
| Fabian-2016 | ``fabian2016`` | EmotioNet features, kernel subclass discriminants (CVPR 2016) |
| INC-2016 | ``inc2016`` | an Inception network (WACV 2016) |
| Zeng-2018 | ``zeng2018`` | LTNet, latent truth of several annotators (ECCV 2018) |

They have the same inputs as the project's own network (``contract``): aligned RGB images in [0, 1]
and 68 landmarks in their pixels. Each model converts to grey, resizes, crops and scales landmarks
itself, so that all share one DataModule and one augmentation. Faces without landmarks are accepted;
their landmarks are zeros.

The models were implemented from the descriptions in the articles. The docstring of each class lists
the choices that its article leaves open.
"""
