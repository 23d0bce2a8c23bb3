#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes text to standard error and ignores errors.
///
/// `FileHandle` would end the program after a closed terminal or on a full disk behind a redirection.
package func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
    }
}
