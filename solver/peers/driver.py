"""Solves model files with the peers. Reads jobs from stdin, one JSON object a line, and answers each on a line of stdout.

A job is {"peer", "file", "seconds", "gap", "tolerance"}: a minimisation as a free MPS file with variables x0, x1, ...;
no time limit where seconds is 0, the peer's own tolerance where tolerance is. An answer is {"status", "objective", "bound", "x", "seconds", "message"}: status is optimal, infeasible,
unbounded, infeasible_or_unbounded, limit or error; x is absent without a solution. A job {"peer"} alone asks for the version.
"""

import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

UNBOUNDED = "unbounded"
EITHER = "infeasible_or_unbounded"


def scip(file, seconds, gap, tolerance):
    import pyscipopt

    model = pyscipopt.Model()
    model.hideOutput()
    model.readProblem(file, extension="mps")
    model.setParam("limits/gap", gap)
    if seconds:
        model.setParam("limits/time", seconds)
    if tolerance:
        model.setParam("numerics/feastol", tolerance)
    model.optimize()
    status = {"optimal": "optimal", "gaplimit": "optimal", "infeasible": "infeasible", "unbounded": UNBOUNDED, "inforunbd": EITHER}
    answer = {"status": status.get(model.getStatus(), "limit"), "message": model.getStatus(), "bound": model.getDualbound()}
    if model.getNSols() and answer["status"] in ("optimal", "limit"):
        best = model.getBestSol()
        values = {v.name: model.getSolVal(best, v) for v in model.getVars()}
        answer["objective"] = model.getSolObjVal(best)
        answer["x"] = ordered(values)
    return answer


def glpk(file, seconds, gap, tolerance):
    import swiglpk as g

    g.glp_term_out(g.GLP_OFF)
    problem = g.glp_create_prob()
    try:
        if g.glp_read_mps(problem, g.GLP_MPS_FILE, None, file):
            return {"status": "error", "message": "GLPK cannot read the file"}
        milliseconds = int(seconds * 1000) if seconds else 2**31 - 1
        simplex = g.glp_smcp()
        g.glp_init_smcp(simplex)
        simplex.tm_lim = milliseconds
        simplex.presolve = g.GLP_ON
        if tolerance:
            simplex.tol_bnd = tolerance
        code = g.glp_simplex(problem, simplex)
        if code == g.GLP_ETMLIM:
            return {"status": "limit", "message": "time limit in the relaxation"}
        if code == g.GLP_ENOPFS or code == 0 and g.glp_get_status(problem) == g.GLP_NOFEAS:
            return {"status": "infeasible"}
        integers = g.glp_get_num_int(problem)
        if code == g.GLP_ENODFS or code == 0 and g.glp_get_status(problem) == g.GLP_UNBND:
            # Of an integer program this speaks of its relaxation alone.
            return {"status": EITHER if integers or code else UNBOUNDED}
        if code or g.glp_get_status(problem) != g.GLP_OPT:
            return {"status": "error", "message": "glp_simplex %d, status %d" % (code, g.glp_get_status(problem))}
        relaxed = g.glp_get_obj_val(problem)
        columns = range(1, g.glp_get_num_cols(problem) + 1)
        if not integers:
            return {"status": "optimal", "objective": relaxed, "bound": relaxed, "x": [g.glp_get_col_prim(problem, j) for j in columns]}
        search = g.glp_iocp()
        g.glp_init_iocp(search)
        search.tm_lim = milliseconds
        search.mip_gap = gap
        search.presolve = g.GLP_ON
        if tolerance:
            search.tol_int = tolerance
        code = g.glp_intopt(problem, search)
        status = g.glp_mip_status(problem)
        if code == g.GLP_ENOPFS or code == 0 and status == g.GLP_NOFEAS:
            return {"status": "infeasible"}
        if code not in (0, g.GLP_ETMLIM, g.GLP_EMIPGAP):
            return {"status": "error", "message": "glp_intopt %d" % code}
        answer = {"status": "limit" if code == g.GLP_ETMLIM else "optimal", "bound": relaxed}
        if status in (g.GLP_OPT, g.GLP_FEAS):
            answer["objective"] = g.glp_mip_obj_val(problem)
            answer["x"] = [g.glp_mip_col_val(problem, j) for j in columns]
            if answer["status"] == "optimal":
                answer["bound"] = answer["objective"] - gap * abs(answer["objective"])
        return answer
    finally:
        g.glp_delete_prob(problem)


def cbc_binary():
    """The cbc that the package pulp brings along, without importing the package."""
    spec = importlib.util.find_spec("pulp")
    if spec is None:
        raise ImportError("No module named 'pulp'")
    system = {"Linux": "linux", "Darwin": "osx"}[platform.system()]
    machine = {"x86_64": "i64", "arm64": "arm64", "aarch64": "arm64"}[platform.machine()]
    if system == "osx":
        machine = "i64"
    return os.path.join(os.path.dirname(spec.origin), "solverdir", "cbc", system, machine, "cbc")


def cbc(file, seconds, gap, tolerance):
    with tempfile.TemporaryDirectory() as folder:
        solution = os.path.join(folder, "solution")
        command = [cbc_binary(), file]
        if seconds:
            command += ["-sec", str(seconds)]
        if tolerance:
            command += ["-primalTolerance", str(tolerance), "-integerTolerance", str(tolerance)]
        command += ["-ratio", str(gap), "-allow", "0", "-printingOptions", "all", "-solve", "-solution", solution]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode or not os.path.exists(solution):
            return {"status": "error", "message": "cbc exits with %d: %s" % (run.returncode, run.stdout[-2000:])}
        with open(solution) as lines:
            first = lines.readline().strip()
            values = {}
            for line in lines:
                fields = [f for f in line.split() if f != "**"]
                if len(fields) >= 3 and fields[1][0] == "x":
                    values[fields[1]] = float(fields[2])
    claim = first.split(" - ")[0].lower()
    answer = {"message": first}
    if claim.startswith("optimal"):
        answer["status"] = "optimal"
    elif "infeasible" in claim:
        answer["status"] = "infeasible"
    elif claim.startswith("unbounded"):
        answer["status"] = EITHER
    elif claim.startswith("stopped"):
        answer["status"] = "limit"
    else:
        answer["status"] = "error"
    bounds = [line.split(":")[1] for line in run.stdout.splitlines() if line.startswith("Lower bound:")]
    if bounds:
        answer["bound"] = float(bounds[-1])
    if answer["status"] == "optimal" or answer["status"] == "limit" and "no integer solution" not in first.lower():
        answer["objective"] = float(first.split("objective value")[1])
        answer["x"] = ordered(values)
        if answer["status"] == "optimal" and "bound" not in answer:
            answer["bound"] = answer["objective"] - gap * abs(answer["objective"])
    return answer


def ordered(values):
    """The values of x0, x1, ..., 0 for those that a presolver has dropped."""
    count = 1 + max((int(name[1:]) for name in values), default=-1)
    return [values.get("x%d" % j, 0.0) for j in range(count)]


PEERS = {"cbc": cbc, "glpk": glpk, "scip": scip}


def version(peer):
    if peer == "scip":
        import pyscipopt

        return "SCIP %s" % pyscipopt.Model().version()
    if peer == "glpk":
        import swiglpk

        return "GLPK %s" % swiglpk.glp_version()
    out = subprocess.run([cbc_binary(), "quit"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    return "CBC %s" % next(line.split()[1] for line in out.splitlines() if line.startswith("Version"))


def main():
    for line in sys.stdin:
        job = json.loads(line)
        began = time.perf_counter()
        try:
            if "file" in job:
                answer = PEERS[job["peer"]](job["file"], job["seconds"], job["gap"], job["tolerance"])
            else:
                answer = {"status": "version", "message": version(job["peer"])}
        except Exception as e:  # the next job may do better
            answer = {"status": "error", "message": "%s: %s" % (type(e).__name__, e)}
        answer["seconds"] = time.perf_counter() - began
        for name in ("objective", "bound"):  # no infinities in JSON; SCIP's are large
            if name in answer and not abs(answer[name]) < 1e19:
                del answer[name]
        print(json.dumps(answer), flush=True)


main()
