//! A fresh machine for each test: a home, a registry, a folder to work in.
