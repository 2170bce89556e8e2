"""Code that tests of several rooms share; it uses nothing that it helps to test."""
