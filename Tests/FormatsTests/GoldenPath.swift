import TestSupport

/// The path of a file that Tests/Golden/formats/generate.py wrote.
func golden(_ name: String) -> String { "\(Golden.folder)/formats/\(name)" }
