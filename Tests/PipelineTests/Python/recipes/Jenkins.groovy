// Runs a declarative Jenkinsfile once, as far as a stage can tell; the order and the answer are those of run.py. Stands for
// the steps and directives that the recipe has, and refuses others.
import groovy.io.FileType
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.nio.file.FileSystems
import org.codehaus.groovy.control.CompilerConfiguration

/** A block of directives: notes what it is told, by name. */
class Section {
    static final Map KNOWN = [
        pipeline: ['agent', 'parameters', 'triggers', 'options', 'environment', 'stages'],
        stage: ['agent', 'environment', 'when', 'options', 'input', 'steps'],
        when: ['beforeInput', 'beforeAgent', 'expression'], input: ['message', 'ok', 'submitter'],
        options: ['disableConcurrentBuilds', 'skipDefaultCheckout', 'copyArtifactPermission', 'buildDiscarder', 'logRotator', 'timeout'],
        parameters: ['booleanParam'], triggers: ['cron'], stages: ['stage'], environment: ['credentials'], agent: ['label'],
    ]
    private final String kind
    private final Script script
    final Map told = [:]
    final Map values = [:]

    Section(String kind, Script script, Closure body) {
        this.kind = kind
        this.script = script
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }

    def methodMissing(String name, arguments) {
        if (!(name in KNOWN[kind])) { throw new IllegalArgumentException("$name in $kind") }
        told.computeIfAbsent(name) { [] } << arguments.toList()
        name == 'credentials' ? [credential: arguments[0]] : null
    }

    def propertyMissing(String name) {
        name in ['none', 'any'] ? name : script.getProperty(name)
    }

    void propertyMissing(String name, value) { values[name] = value }

    Section inner(String name) { told[name] ? new Section(name, script, told[name][0].last()) : null }
}

/** The steps. */
abstract class Steps extends Script {
    Map order, env = [:], params = [:], secrets = [:], result
    List results = []
    File build, folder
    boolean dead
    List allowed

    def getScm() { 'scm' }

    void deleteDir() { folder.deleteDir(); folder.mkdirs() }

    void checkout(scm) { keep(new File(order.repository), '**', folder) }

    def lastWithArtifacts() { { build -> new File(build, 'artifacts').list() } }

    def lastCompleted() { { build -> true } }

    void copyArtifacts(Map options) {
        // A job may not even copy from itself unless it says so (CopyArtifact.canReadFrom of the plugin).
        if (!(env.JOB_NAME in allowed)) { error("Unable to find project for artifact copy: $options.projectName") }
        def builds = build.parentFile.listFiles().findAll { new File(it, 'completed').exists() && options.selector(it) }
        def last = builds.max { it.name as int }
        if (last == null) {
            if (!options.optional) { error('no build to copy from') }
            return
        }
        if (!options.flatten) { throw new IllegalArgumentException('artifacts could replace what is checked out') }
        new File(last, 'artifacts').eachFileRecurse(FileType.FILES) { file ->
            def target = new File(folder, "$options.target/$file.name")
            target.parentFile.mkdirs()
            target.bytes = file.bytes
        }
    }

    void dir(String name, Closure body) {
        def outer = folder
        folder = new File(outer, name)
        try { body() } finally { folder = outer }
    }

    void archiveArtifacts(Map options) { alive(); keep(folder, options.artifacts, new File(build, 'artifacts')) }

    void stash(Map options) {
        alive()
        new File(build, "stash-${options.name}").deleteDir()
        keep(folder, options.includes, new File(build, "stash-${options.name}"))
    }

    void unstash(String name) {
        def saved = new File(build, "stash-$name")
        if (!saved.exists()) { error("No such saved stash $name") }
        keep(saved, '**', folder)
    }

    def sh(String script) { sh(script: script) }

    def sh(Map options) {
        alive()
        def process = new ProcessBuilder('sh', '-xec', options.script).directory(folder)
        process.environment().clear()
        process.environment().putAll([PATH: System.getenv('PATH'), HOME: folder.path, JENKINS_URL: 'https://ci.example/'])
        process.environment().putAll(order.variables)
        process.environment().putAll(env.collectEntries { [it.key, it.value.toString()] })
        process.environment().putAll(secrets)
        def said = new StringBuffer(), complained = new StringBuffer()
        def running = process.start()
        running.waitForProcessOutput(said, complained)
        result.log += complained.toString() + said
        if (order.kill == result.job) {
            dead = true
            result.code = 137
            error('the agent is gone')
        }
        if (options.returnStatus) { return result.code = order.fail == result.job ? 1 : running.exitValue() }
        if (running.exitValue() != 0) { error("script returned exit code ${running.exitValue()}") }
        options.returnStdout ? said.toString() : null
    }

    void unstable(String message) { result.status = 'warning'; result.log += message + '\n' }

    void error(String message) { throw new IllegalStateException(message) }

    void script(Closure body) { body() }

    private void alive() { if (dead) { throw new IllegalStateException('the agent is gone') } }

    private void keep(File from, String patterns, File to) {
        if (!from.exists()) { return }
        def matchers = patterns.split(',').collect { FileSystems.default.getPathMatcher("glob:$it") }
        from.eachFileRecurse(FileType.FILES) { file ->
            def path = from.toPath().relativize(file.toPath())
            if (matchers.any { it.matches(path) }) {
                def target = new File(to, path.toString())
                target.parentFile.mkdirs()
                target.bytes = file.bytes
                target.executable = file.canExecute()
            }
        }
    }

    void pipeline(Closure body) {
        def all = new Section('pipeline', this, body)
        all.inner('parameters').told.booleanParam.each { params[it[0].name] = it[0].defaultValue }
        if (order.begin) { params.BEGIN = true }
        env.JOB_NAME = 'rotate-checkout'
        allowed = all.inner('options').told.copyArtifactPermission?.flatten() ?: []
        env.putAll(all.inner('environment').values)
        for (entry in all.inner('stages').told.stage) {
            if (!run(entry[0], new Section('stage', this, entry[1]))) { break }
        }
        new File(build, 'completed').createNewFile()
    }

    /** Whether the build goes on. */
    private boolean run(String name, Section stage) {
        def conditions = stage.inner('when'), gate = stage.inner('input')
        def wanted = { conditions == null || conditions.told.expression[0][0].call() }
        def first = conditions?.told?.beforeInput?.getAt(0)?.getAt(0)
        if (first && !wanted()) { return true }
        if (gate) {
            if (!gate.told.submitter) { throw new IllegalArgumentException('anybody may open the gate') }
            results << [job: 'hold', status: order.approve ? 'opened' : 'closed', code: 0, secrets: [], log: '']
            // The time is up: the build is aborted.
            if (!order.approve) { return false }
        }
        if (!first && !wanted()) { return true }
        secrets = stage.inner('environment').values.collectEntries { key, value -> [key, order.secrets[value.credential]] }
        result = [job: name, status: 'success', code: 0, secrets: secrets.keySet().sort(), log: '']
        results << result
        folder = File.createTempDir('jenkins-', '')
        try {
            stage.told.steps[0][0].call()
        } catch (IllegalStateException error) {
            result.status = 'failed'
            result.code = result.code ?: 1
            result.log += "$error.message\n"
        } finally {
            folder.deleteDir()
        }
        result.status != 'failed'
    }
}

def order = new JsonSlurper().parse(System.in)
def builds = new File(order.store as String, 'builds')
builds.mkdirs()
def build = new File(builds, "${builds.list().length + 1}")
build.mkdirs()
def shell = new GroovyShell(Steps.classLoader, new CompilerConfiguration(scriptBaseClass: Steps.name))
def recipe = shell.parse(new File(order.recipe as String))
// A script's properties would go to its binding.
recipe.setOrder(order)
recipe.setBuild(build)
recipe.run()
println JsonOutput.toJson(recipe.results)
