//! The guest's memory, and the one door through which bytes cross the ABI, so that all of them are counted.

use wasmtime::{Caller, Error};

use crate::host::Host;

/// The statuses of the ABI (proxy-wasm-cpp-host `include/proxy-wasm/wasm_api_impl.h`, `WasmResult`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[expect(missing_docs, reason = "named as in the ABI")]
pub enum Status {
    Ok = 0,
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    InternalFailure = 10,
    Unimplemented = 12,
}

/// Why a host function ends early.
#[derive(Debug)]
pub enum Stop {
    /// It answers with a status: the guest's business.
    Status(Status),
    /// The guest trapped while it was called back.
    Trap(Error),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Stop::Status(status)
    }
}

/// What a host function ends with.
pub type Answer<T = ()> = Result<T, Stop>;

/// A call from the guest while it is served.
pub struct Guest<'a, 'b> {
    caller: &'a mut Caller<'b, Host>,
    function: &'static str,
    to_guest: u64,
    from_guest: u64,
}

impl<'a, 'b> Guest<'a, 'b> {
    /// Serves one call: runs `body`, counts it, and makes a status of its end.
    ///
    /// # Errors
    /// A trap of the guest.
    pub fn serve(
        caller: &'a mut Caller<'b, Host>,
        function: &'static str,
        body: impl FnOnce(&mut Guest<'_, '_>) -> Answer,
    ) -> wasmtime::Result<i32> {
        let mut guest = Guest { caller, function, to_guest: 0, from_guest: 0 };
        let answer = body(&mut guest);
        let (to_guest, from_guest) = (guest.to_guest, guest.from_guest);
        let host = guest.host();
        let role = host.role().to_owned();
        host.counts.host_call(&role, function, to_guest, from_guest);
        match answer {
            Ok(()) => Ok(Status::Ok as i32),
            Err(Stop::Status(status)) => Ok(status as i32),
            Err(Stop::Trap(trap)) => Err(trap),
        }
    }

    /// The host.
    pub fn host(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// Records a broken rule.
    pub fn violation(&mut self, what: impl AsRef<str>) {
        let function = self.function;
        self.host().violation(function, what.as_ref());
    }

    /// Records a broken rule and answers with Envoy's status for it.
    pub fn refuse<T>(&mut self, status: Status, what: impl AsRef<str>) -> Answer<T> {
        self.violation(what);
        Err(status.into())
    }

    /// Ends the guest with a trap, as a host does that takes a call for misuse.
    pub fn trap<T>(&mut self, what: impl AsRef<str>) -> Answer<T> {
        Err(Stop::Trap(Error::msg(format!("{}: {}", self.function, what.as_ref()))))
    }

    /// Bytes of the guest.
    pub fn read(&mut self, at: u32, len: u32) -> Answer<Vec<u8>> {
        let (start, len) = (at as usize, len as usize);
        let bytes = self.host().memory().and_then(|memory| {
            let end = start.checked_add(len)?;
            memory.data(&*self.caller).get(start..end).map(<[u8]>::to_vec)
        });
        let Some(bytes) = bytes else {
            return self.refuse(
                Status::InvalidMemoryAccess,
                format!("reads {len} bytes at {start}: no such memory"),
            );
        };
        self.from_guest += bytes.len() as u64;
        Ok(bytes)
    }

    /// Writes an out-parameter; not counted.
    pub fn put(&mut self, at: u32, bytes: &[u8]) -> Answer {
        let memory = self.host().memory();
        match memory.map(|memory| memory.write(&mut *self.caller, at as usize, bytes)) {
            Some(Ok(())) => Ok(()),
            _ => self.refuse(Status::InvalidMemoryAccess, format!("writes at {at}: no such memory")),
        }
    }

    /// Writes bytes where the guest asked for them; counted.
    pub fn fill(&mut self, at: u32, bytes: &[u8]) -> Answer {
        self.put(at, bytes)?;
        self.to_guest += bytes.len() as u64;
        Ok(())
    }

    /// Hands bytes over in memory that the guest allocates, and writes where they are and how many. No bytes: a null
    /// pointer and 0, without an allocation.
    pub fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Answer {
        if bytes.is_empty() {
            self.put(pointer_at, &[0; 4])?;
            return self.put(size_at, &[0; 4]);
        }
        self.give_allocated(bytes, pointer_at, size_at)
    }

    /// The same, with an allocation for no bytes too.
    pub fn give_allocated(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Answer {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InternalFailure)?;
        let at = self.allocate(size)?;
        self.fill(at, bytes)?;
        self.put(pointer_at, &at.to_le_bytes())?;
        self.put(size_at, &size.to_le_bytes())
    }

    fn allocate(&mut self, size: u32) -> Answer<u32> {
        let host = self.host();
        let role = host.role().to_owned();
        host.counts.guest_call(&role, "malloc");
        let Some(malloc) = host.malloc.clone() else {
            return self.refuse(Status::InternalFailure, "the module has no allocator yet");
        };
        let at = malloc.call(&mut *self.caller, size).map_err(Stop::Trap)?;
        if at == 0 { self.refuse(Status::InvalidMemoryAccess, "the allocator gave null") } else { Ok(at) }
    }
}
