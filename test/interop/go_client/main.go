// Calls everything in Serf's client library, against the agent at the given address, and prints the result of each
// call as one line of JSON: {"call": name, "got": values, "error": text}. A second agent, whose name and address follow, takes part.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/hashicorp/serf/client"
)

const (
	token     = "secret"
	firstKey  = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8="
	secondKey = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s="
	patience  = 10 * time.Second
)

func say(call string, got any, err error) {
	line := map[string]any{"call": call, "got": got, "error": nil}
	if err != nil {
		line["error"] = err.Error()
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func connect(address string) *client.RPCClient {
	rpc, err := client.ClientFromConfig(&client.Config{Addr: address, AuthKey: token})
	if err != nil {
		say("connect", nil, err)
		os.Exit(1)
	}
	return rpc
}

func sorted(members []client.Member) []client.Member {
	sort.Slice(members, func(a, b int) bool { return members[a].Name < members[b].Name })
	return members
}

// next waits for a record of one kind of event, without what differs from run to run.
func next(records <-chan map[string]any, kind string) map[string]any {
	end := time.After(patience)
	for {
		select {
		case record, open := <-records:
			if !open {
				return map[string]any{"closed": true}
			}
			if record["Event"] != kind {
				continue
			}
			for _, key := range []string{"LTime", "ID"} {
				if value, has := record[key]; has {
					record[key] = fmt.Sprintf("%T", value)
				}
			}
			for key, value := range record {
				if bytes, is := value.([]byte); is {
					record[key] = "bytes " + string(bytes)
				}
			}
			return record
		case <-end:
			return map[string]any{"nothing": kind}
		}
	}
}

func members(rpc *client.RPCClient, peer string) {
	all, err := rpc.Members()
	say("Members", sorted(all), err)
	for _, filter := range []struct {
		tags         map[string]string
		status, name string
	}{
		{nil, "", ""},
		{map[string]string{"role": "w.b"}, "alive", ""},
		{nil, "", peer},
		{nil, "failed", ""},
		{map[string]string{"none": "x"}, "", ""},
		{nil, "[", ""},
	} {
		some, err := rpc.MembersFiltered(filter.tags, filter.status, filter.name)
		say("MembersFiltered", sorted(some), err)
		if err != nil {
			// Serf closes the connection at a bad expression.
			return
		}
	}
}

func streams(rpc *client.RPCClient) {
	events := make(chan map[string]any, 64)
	handle, err := rpc.Stream("*", events)
	say("Stream", nil, err)
	lines := make(chan string, 1024)
	monitor, err := rpc.Monitor("DEBUG", lines)
	say("Monitor", nil, err)
	select {
	case line := <-lines:
		say("Monitor line", len(line) > 0, nil)
	case <-time.After(patience):
		say("Monitor line", false, nil)
	}

	say("UserEvent", nil, rpc.UserEvent("deploy", []byte("v1"), true))
	say("UserEvent record", next(events, "user"), nil)
	say("UserEvent", nil, rpc.UserEvent("large", make([]byte, 600), false))
	say("UpdateTags", nil, rpc.UpdateTags(map[string]string{"x": "1"}, []string{"role"}))
	record := next(events, "member-update")
	list, _ := record["Members"].([]any)
	say("UpdateTags record", len(list), nil)

	say("Stop", nil, rpc.Stop(monitor))
	say("Stop", nil, rpc.Stop(handle))
}

func queries(rpc *client.RPCClient, address string) {
	asked := make(chan map[string]any, 64)
	responder := connect(address)
	defer responder.Close()
	handle, err := responder.Stream("query:load", asked)
	say("Stream", nil, err)
	// Serf starts a stream only after its response; what it sends next on the connection comes later.
	_, err = responder.Members()
	say("Members", nil, err)
	answered := make(chan error, 1)
	go func() {
		record := <-asked
		id, _ := record["ID"].(int64)
		answered <- responder.Respond(uint64(id), []byte("0.5"))
		answered <- responder.Respond(uint64(id), []byte("again"))
	}()

	acks, responses := make(chan string, 64), make(chan client.NodeResponse, 64)
	say("Query", nil, rpc.Query(&client.QueryParam{
		RequestAck: true, Timeout: time.Second, Name: "load", Payload: []byte("now"), AckCh: acks, RespCh: responses,
	}))
	from := []string{}
	for ack := range acks {
		from = append(from, ack)
	}
	sort.Strings(from)
	say("Query acks", from, nil)
	replies := []string{}
	for response := range responses {
		// On a busy machine Serf's library hands out empty responses at the end of a query.
		if response.From == "" {
			continue
		}
		replies = append(replies, response.From+" "+string(response.Payload))
	}
	sort.Strings(replies)
	say("Query responses", replies, nil)
	say("Respond", nil, <-answered)
	say("Respond twice", nil, <-answered)
	say("Respond to nothing", nil, responder.Respond(1<<40, nil))
	say("Stop", nil, responder.Stop(handle))

	say("Query", nil, rpc.Query(&client.QueryParam{FilterTags: map[string]string{"role": "["}, Name: "load"}))
}

func keys(rpc *client.RPCClient) {
	list := func() {
		found, nodes, messages, err := rpc.ListKeys()
		say("ListKeys", []any{found, nodes, messages}, err)
	}
	list()
	for _, step := range []struct {
		name string
		call func(string) (map[string]string, error)
		key  string
	}{
		{"InstallKey", rpc.InstallKey, secondKey},
		{"UseKey", rpc.UseKey, secondKey},
		{"RemoveKey", rpc.RemoveKey, secondKey},
		{"RemoveKey", rpc.RemoveKey, firstKey},
		{"UseKey", rpc.UseKey, firstKey},
		{"InstallKey", rpc.InstallKey, "bad"},
	} {
		messages, err := step.call(step.key)
		say(step.name, messages, err)
	}
	list()
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go_client RPC-ADDRESS PEER-NAME PEER-ADDRESS")
		os.Exit(2)
	}
	address, peer, peerAddress := os.Args[1], os.Args[2], os.Args[3]

	_, err := client.ClientFromConfig(&client.Config{Addr: address, AuthKey: "wrong"})
	say("wrong token", nil, err)
	stranger, err := client.NewRPCClient(address)
	say("no token", nil, err)
	if err == nil {
		_, err = stranger.Members()
		say("Members without token", nil, err)
		stranger.Close()
	}

	members(connect(address), peer)

	rpc := connect(address)
	stats, err := rpc.Stats()
	names := map[string][]string{}
	for section, values := range stats {
		for name := range values {
			names[section] = append(names[section], name)
		}
		sort.Strings(names[section])
	}
	say("Stats", names, err)
	streams(rpc)
	queries(rpc, address)
	keys(rpc)

	count, err := rpc.Join([]string{peerAddress}, true)
	say("Join", count, err)
	count, err = rpc.Join([]string{"127.0.0.1:9"}, false)
	say("Join nobody", count, err)
	place, err := rpc.GetCoordinate(peer)
	say("GetCoordinate", place != nil && len(place.Vec) == 8, err)
	place, err = rpc.GetCoordinate("nobody")
	say("GetCoordinate", place == nil, err)
	say("ForceLeave", nil, rpc.ForceLeave("nobody"))
	say("ForceLeavePrune", nil, rpc.ForceLeavePrune("nobody"))
	say("Leave", rpc.IsClosed(), rpc.Leave())
	say("Close", nil, rpc.Close())
	say("IsClosed", rpc.IsClosed(), nil)
}
