import Formats
import Testing

@Suite struct CRC32CTests {
    // The vectors of RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xe306_9283),
            ([], 0),
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            (Array(0..<32), 0x46dd_794e),
            (Array((0..<32).reversed()), 0x113f_db5c),
        ] as [([UInt8], UInt32)])
    func knownVectorsAgree(bytes: [UInt8], expected: UInt32) {
        #expect(bytes.withUnsafeBytes(CRC32C.checksum) == expected)
    }

    @Test func anySplitGivesTheChecksumOfTheWhole() {
        let bytes = (0..<67).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        bytes.withUnsafeBytes { whole in
            let expected = CRC32C.checksum(whole)
            for split in 0...bytes.count {
                var checksum = CRC32C()
                checksum.update(UnsafeRawBufferPointer(rebasing: whole[..<split]))
                checksum.update(UnsafeRawBufferPointer(rebasing: whole[split...]))
                #expect(checksum.value == expected)
            }
        }
    }

    @Test func theMaskIsThatOfTFRecord() {
        // The masked checksum of an eight-byte length of 24, as it opens every event file TensorFlow writes.
        let length: [UInt8] = [24, 0, 0, 0, 0, 0, 0, 0]
        #expect(length.withUnsafeBytes(CRC32C.masked) == 0x224b_7fa3)
    }
}
