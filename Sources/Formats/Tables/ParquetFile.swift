package import Diagnostics

/// Parquet files, which are refused with the command that converts them to JSON lines.
package enum ParquetFile {
    /// The first bytes of every file.
    static let signature = Array("PAR1".utf8)

    /// The failure for a file; converts all files of a shell pattern below a folder, or the file alone.
    package static func failure(at path: String, pattern: (folder: String, files: String)? = nil) -> Failure {
        let files = pattern.map { "\($0.folder.shellWord)/\($0.files)" } ?? path.shellWord
        return .data(
            "is a Parquet file, which is not read", at: path,
            remedy: "convert it to JSON lines (pip install pandas pyarrow): " + command(files))
    }

    /// A command line that writes a file of JSON lines beside each Parquet file.
    private static func command(_ files: String) -> String {
        "python3 -c \"import sys, pandas; "
            + "[pandas.read_parquet(f).to_json(f.removesuffix('.parquet') + '.jsonl', "
            + "orient='records', lines=True, force_ascii=False) for f in sys.argv[1:]]\" \(files)"
    }
}
