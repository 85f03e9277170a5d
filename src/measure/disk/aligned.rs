//! A block of memory aligned as reading past the cache asks for.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::io;
use std::ptr::NonNull;

/// A page, and a multiple of every sector.
const ALIGNMENT: usize = 4096;

/// Zeroed bytes on a page boundary.
pub(super) struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    /// So many bytes, a multiple of a page.
    ///
    /// # Errors
    /// When the system has no memory for it.
    pub(super) fn new(bytes: usize) -> io::Result<Self> {
        let layout = Layout::from_size_align(bytes.max(ALIGNMENT), ALIGNMENT)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        // SAFETY: the layout's size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        NonNull::new(start).map(|start| Self { start, layout }).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the memory is ours, that long, initialised, and self is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.layout.size()) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: made with this layout in `new`, and no slice outlives self.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}
