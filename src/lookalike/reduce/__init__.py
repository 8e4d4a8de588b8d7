"""What may follow a network: means, centring, principal components, hyperplane hashing."""
