// Times memberlist's own functions on the inputs of codec_inputs.ts, which go_codec.ts writes to a file.
// The file is copied into the sources of memberlist, as what it calls is not exported.
package memberlist

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"

	"github.com/hashicorp/go-msgpack/v2/codec"
)

// The inputs, which JSON has as base64.
type benchInputs struct {
	Key, Alive, SealedAlive, Compound, SealedCompound, State []byte
	Messages                                                map[string][]byte
}

func load(b *testing.B) (in benchInputs) {
	text, err := os.ReadFile(os.Getenv("TSERF_INPUTS"))
	check(b, err)
	check(b, json.Unmarshal(text, &in))
	return in
}

func check(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// What a member does with a packet before it handles the messages in it.
func receiveAll(b *testing.B, keys [][]byte, packet []byte) {
	if keys != nil {
		opened, err := decryptPayload(keys, packet, nil)
		check(b, err)
		packet = opened
	}
	if messageType(packet[0]) == hasCrcMsg {
		if crc32.ChecksumIEEE(packet[5:]) == 0 {
			b.Fatal("the checksum is 0")
		}
		packet = packet[5:]
	}
	parts := [][]byte{packet}
	if messageType(packet[0]) == compoundMsg {
		_, inside, err := decodeCompoundMessage(packet[1:])
		check(b, err)
		parts = inside
	}
	for _, part := range parts {
		switch messageType(part[0]) {
		case aliveMsg:
			var message alive
			check(b, decode(part[1:], &message))
		case suspectMsg:
			var message suspect
			check(b, decode(part[1:], &message))
		default:
			b.Fatalf("unexpected message %d", part[0])
		}
	}
}

func sealed(b *testing.B, key, message []byte) []byte {
	var packet bytes.Buffer
	check(b, encryptPayload(1, key, message, nil, &packet))
	return packet.Bytes()
}

func BenchmarkCodec(b *testing.B) {
	in := load(b)
	keys := [][]byte{in.Key}
	time := func(name string, run func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for count := 0; count < b.N; count++ {
				run(b)
			}
		})
	}
	for size, message := range in.Messages {
		packet := sealed(b, in.Key, message)
		time("seal_"+size+"_B", func(b *testing.B) { sealed(b, in.Key, message) })
		time("open_"+size+"_B", func(b *testing.B) {
			_, err := decryptPayload(keys, packet, nil)
			check(b, err)
		})
	}

	var announcement alive
	check(b, decode(in.Alive[1:], &announcement))
	time("encode_alive", func(b *testing.B) {
		_, err := encode(aliveMsg, &announcement, false)
		check(b, err)
	})
	time("open_alive", func(b *testing.B) { receiveAll(b, nil, in.Alive) })
	time("send_alive,_encrypted", func(b *testing.B) {
		message, err := encode(aliveMsg, &announcement, false)
		check(b, err)
		sum := crc32.ChecksumIEEE(message.Bytes())
		header := []byte{byte(hasCrcMsg), byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
		sealed(b, in.Key, append(header, message.Bytes()...))
	})
	time("receive_alive,_encrypted", func(b *testing.B) { receiveAll(b, keys, in.SealedAlive) })
	time("open_compound_of_12", func(b *testing.B) { receiveAll(b, nil, in.Compound) })
	time("open_compound_of_12,_encrypted", func(b *testing.B) { receiveAll(b, keys, in.SealedCompound) })

	reader := &Memberlist{config: DefaultLANConfig()}
	read := func(b *testing.B, state []byte) (nodes []pushNodeState, user []byte) {
		source := bytes.NewReader(state[1:])
		_, nodes, user, err := reader.readRemoteState(source, codec.NewDecoder(source, &codec.MsgpackHandle{}))
		check(b, err)
		return nodes, user
	}
	nodes, user := read(b, in.State)
	if len(nodes) != 1000 || nodes[999].Name == "" || len(user) != 1000 {
		b.Fatal("the state was not read as it was written")
	}
	time("encode_push/pull_of_1,000", func(b *testing.B) {
		// As sendLocalState does, which copies the table first and sends the bytes in the end.
		state := bytes.NewBuffer([]byte{byte(pushPullMsg)})
		encoder := codec.NewEncoder(state, &codec.MsgpackHandle{})
		check(b, encoder.Encode(&pushPullHeader{Nodes: len(nodes), UserStateLen: len(user)}))
		for index := range nodes {
			check(b, encoder.Encode(&nodes[index]))
		}
		state.Write(user)
	})
	time("open_push/pull_of_1,000", func(b *testing.B) { read(b, in.State) })

	compressed, err := compressPayload(in.State, false)
	check(b, err)
	time("compress_it_(LZW)", func(b *testing.B) {
		_, err := compressPayload(in.State, false)
		check(b, err)
	})
	time("decompress_and_open_it", func(b *testing.B) {
		state, err := decompressPayload(compressed.Bytes()[1:])
		check(b, err)
		read(b, state)
	})
}
