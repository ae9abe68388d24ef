/// One page of a list that tells its length.
package struct Page<Row: Sendable>: Sendable {
    package let rows: [Row]
    /// How many rows stand before this page.
    package let offset: Int
    /// How many rows the whole list has.
    package let total: Int

    /// Where the next page begins; `nil` after the last one.
    package var nextOffset: Int? {
        let end = offset + rows.count
        return rows.isEmpty || end >= total ? nil : end
    }
}
