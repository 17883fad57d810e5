"""At home elsewhere: PyTorch, scikit-learn, formats and logs of other programs, each imported only where it is used."""
