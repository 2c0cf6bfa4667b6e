"""The six models that Bao et al. (2019, section 5.2) compare with, in PyTorch.

| name in the tables | module | network |
|---|---|---|
| Li-2017 | ``li2017`` | DLP-CNN, locality-preserving loss (CVPR 2017) |
| Jung-2015 | ``jung2015`` | DTAGN, appearance and landmark networks (ICCV 2015) |
| Zhang-2017 | ``zhang2017`` | PHRNN-MSCNN (TIP 2017) |
| Fabian-2016 | ``fabian2016`` | EmotioNet features, kernel subclass discriminants (CVPR 2016) |
| INC-2016 | ``inc2016`` | an Inception network (WACV 2016) |
| Zeng-2018 | ``zeng2018`` | LTNet, latent truth of several annotators (ECCV 2018) |

They share one input contract (``contract``): what the project's own network takes, aligned RGB
images in [0, 1] and 68 landmarks in pixels of them. Each model converts to grey, resizes, crops,
picks and scales landmarks by itself, so that one DataModule and one augmentation serve all. A face
without landmarks is accepted everywhere; its landmarks are zeros.

All of it was written from the articles' descriptions; where they leave something open, the class's
docstring says what was chosen and why.
"""
