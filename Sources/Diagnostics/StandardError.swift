#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes a text to standard error, as far as anyone is there to read it.
///
/// A terminal that was closed, or a full disk behind a redirection, is no reason to end; a `FileHandle` would.
package func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
    }
}
