// Placeholder until the part's first file lands.
