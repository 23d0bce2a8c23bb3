/// Memory that is not written again.
package struct FilledMemory {
    /// The contents; the first byte is 64-byte aligned.
    package let bytes: UnsafeRawBufferPointer
    /// True if other processes read the same pages.
    package let isShared: Bool
    /// Keeps the memory allocated.
    let owner: AnyObject

    /// Memory that is valid while `owner` lives.
    package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject, isShared: Bool) {
        self.bytes = bytes
        self.isShared = isShared
        self.owner = owner
    }
}
