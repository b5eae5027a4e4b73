package cloudinit

import (
	"encoding/binary"
	"fmt"
	"time"
)

// The structures of ECMA-119 (ISO 9660), by its sections. Numbers stand in both byte
// orders where it says so.

// Names of a directory's entries for itself and its parent (6.8.2.2).
const (
	self   = "\x00"
	parent = "\x01"
)

const label = "CIDATA"

// record is a directory record (9.1).
func record(name string, sector, size uint32, modified time.Time) []byte {
	b := make([]byte, 33, 33+len(name)+1)
	both32(b[2:], sector)
	both32(b[10:], size)
	copy(b[18:], shortDate(modified))
	if name == self || name == parent {
		b[25] = 0x02 // a directory
	}
	both16(b[28:], 1) // volume sequence number
	b[32] = byte(len(name))
	b = append(b, name...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// descriptor is the primary volume descriptor (8.4).
func (m *image) descriptor() []byte {
	b := make([]byte, sectorSize)
	copy(b, "\x01CD001\x01")
	copy(b[8:], fmt.Sprintf("%-32s", ""))     // system
	copy(b[40:], fmt.Sprintf("%-32s", label)) // volume
	both32(b[80:], m.sectors)                 // volume space
	both16(b[120:], 1)                        // volume set
	both16(b[124:], 1)                        // sequence number
	both16(b[128:], sectorSize)               // logical block
	both32(b[132:], pathTableSize)            //
	binary.LittleEndian.PutUint32(b[140:], littlePathSector)
	binary.BigEndian.PutUint32(b[148:], bigPathSector)
	copy(b[156:], record(self, rootSector, sectorSize, m.modified))
	copy(b[190:], fmt.Sprintf("%-623s", "")) // volume set, publisher, preparer, application, file names
	copy(b[813:], longDate(m.modified))      // creation
	copy(b[830:], longDate(m.modified))      // modification
	copy(b[847:], "0000000000000000\x00")    // expiration: none
	copy(b[864:], longDate(m.modified))      // effective
	b[881] = 1                               // file structure version
	return b
}

// terminator is the volume descriptor set terminator (8.3).
func terminator() []byte { return pad([]byte("\xffCD001\x01")) }

// pathTable has the root only (9.4).
func pathTable(order binary.ByteOrder) []byte {
	b := make([]byte, pathTableSize)
	b[0] = 1 // length of the root's name, which is a zero byte
	order.PutUint32(b[2:], rootSector)
	order.PutUint16(b[6:], 1) // its parent is itself
	return pad(b)
}

// shortDate is a date of 7 bytes (9.1.5).
func shortDate(t time.Time) []byte {
	return []byte{byte(t.Year() - 1900), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()), 0}
}

// longDate is a date of 17 bytes (8.4.26.1): digits to the hundredth, and the zone.
func longDate(t time.Time) string { return t.Format("20060102150405") + "00\x00" }

// pad fills a structure up to its sector.
func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&(sectorSize-1))...) }

func both16(b []byte, v uint16) {
	binary.LittleEndian.PutUint16(b, v)
	binary.BigEndian.PutUint16(b[2:], v)
}

func both32(b []byte, v uint32) {
	binary.LittleEndian.PutUint32(b, v)
	binary.BigEndian.PutUint32(b[4:], v)
}
